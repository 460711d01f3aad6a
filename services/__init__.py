"""Memloom: six services that meet on one bus, and the kernel that they share."""
