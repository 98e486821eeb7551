"""What commands share: progress bars, tables, option types. It knows no task."""
