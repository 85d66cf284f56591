"""Review by people: rows of any data file that `steady check` reads, and saved evaluations, judged one by one; who
decided what, when, on which version; how far reviewers agree; and the file again with what they decided. Knows no page
and no domain."""
