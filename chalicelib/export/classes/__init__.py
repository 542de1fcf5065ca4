"""The tables of classes in exports: assignments, and points given in gradebooks."""
