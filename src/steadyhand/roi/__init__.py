"""What a trained model costs and saves: inputs with their sources, the cost of a month, and what matters most."""
