"""Whether a store is sound: checks, invariants, repairs, and information about the file."""
