"""Lists of records for the operator, page by page: at most 2,000 records are looked at in one call."""
