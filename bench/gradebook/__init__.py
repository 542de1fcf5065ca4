"""Measures the gradebook of a large class: its page, the table, the workbook, means and medians."""
