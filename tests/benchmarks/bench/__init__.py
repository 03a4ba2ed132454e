"""`make bench`: this project beside what people use, on the same input in one run."""
