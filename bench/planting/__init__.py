"""What the benchmark of planted defects is made of: clean rows, and defects to plant into them."""
