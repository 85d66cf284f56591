"""The studio: pages for a domain expert over the files, runs and decisions of a project. Keeps no state of its own but
a key for its cookies: everything that a page shows is on disk, so a reload, another tab or a restart shows the same."""
