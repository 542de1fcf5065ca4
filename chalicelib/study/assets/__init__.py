"""Assets: pictures, sound and video that pages show. Their records, their types and their markup."""
