"""Whether a store is sound: checks, invariants, repairs, and facts about the file."""
