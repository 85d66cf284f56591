"""A new model in front of real traffic, step by step: who answers, what is compared, when to go on or back."""
