"""Tests of a client, against answers that the suite makes."""
