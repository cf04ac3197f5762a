"""Several models by one metric: their order, and how difficult each sample is for them."""
