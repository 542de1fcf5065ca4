"""What studies need for classes: the records of a class and its members, and the texts of joining."""
