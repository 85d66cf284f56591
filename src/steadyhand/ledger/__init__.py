"""What runs leave behind: artifacts by content (`store`), records across runs (`records`), results (`result`)."""
