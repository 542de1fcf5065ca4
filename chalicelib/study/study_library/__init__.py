"""The library of studies: its records, what a package may contain, and where a copied study comes from."""
