"""What people look at. It needs the extra ``view``, which is imported where it is used."""
