"""A gate in a file: which losses a candidate may have, and whether it passes."""
