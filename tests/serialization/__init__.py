"""Objects that users write, and the JSON they become."""
