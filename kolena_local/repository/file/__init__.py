"""The file of a store: opening, creating, migrating, locking, copying and watching it."""
