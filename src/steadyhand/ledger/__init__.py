"""What runs leave behind: artefacts by content (`store`), records across runs (`records`), results (`result`)."""
