"""Cohorts: schedules of strangers, partners, and members who leave."""
