"""The report: one HTML page that says whether it predicts, whether it is real, which promoters matter."""
