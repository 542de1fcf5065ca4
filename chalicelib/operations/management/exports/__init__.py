"""Export jobs: their records, for the people who ask for exports and for the workers that write them."""
