#!/usr/bin/env bash
# Library: openpyxl 3.1.5.
# Date: 2026-11-30, Linux, x86-64.
#
# openpyxl saves a chart sheet to which no chart was added, and then cannot load its own file: it looks
# for the drawing of the chart sheet in an empty list. With a chart the same workbook loads, and so do
# its other sheets:
#
#     a chart sheet with a chart: loaded, sheets of cells ['Sheet']
#     a chart sheet without a chart: AttributeError
#
# A reader of workbooks has to expect errors that are not openpyxl's own, for a valid file too.
packages=(openpyxl==3.1.5)
source "$(dirname "$0")/common.sh"

cat >"$folder/chart_sheet.py" <<'PY'
import io

import openpyxl
from openpyxl.chart import BarChart, Reference


def answer(has_chart):
    book = openpyxl.Workbook()
    for row in (("month", "sold"), ("May", 3), ("June", 4)):
        book.active.append(row)
    sheet = book.create_chartsheet()
    if has_chart:
        chart = BarChart()
        chart.add_data(Reference(book.active, min_col=2, min_row=1, max_row=3))
        sheet.add_chart(chart)
    file = io.BytesIO()
    book.save(file)
    try:
        loaded = openpyxl.load_workbook(file)
    except AttributeError:
        return "AttributeError"
    return f"loaded, sheets of cells {[each.title for each in loaded.worksheets]}"


for has_chart, expected in ((True, "loaded, sheets of cells ['Sheet']"), (False, "AttributeError")):
    found = answer(has_chart)
    print(f"a chart sheet {'with' if has_chart else 'without'} a chart: {found}")
    assert found == expected
PY
"$python" "$folder/chart_sheet.py"
