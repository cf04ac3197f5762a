"""What to know of a comparison that no row of it says."""
