"""The only way out: addresses of an allow-list, asked politely, files read piece by piece."""
