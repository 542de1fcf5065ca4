"""What studies need for live sessions: which pages a host paces, the records, the texts of joining."""
