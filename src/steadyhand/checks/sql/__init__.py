"""Queries as answers: read, run where they can do no harm, compared by the rows that they return."""
