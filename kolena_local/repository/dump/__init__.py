"""The store as sorted JSON lines, which people review and git compares."""
