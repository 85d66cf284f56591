"""Intervals, paired tests and sequential evidence in plain Python. Knows numbers; knows nothing of models."""
