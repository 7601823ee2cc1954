"""How fast it is, beside what the same work costs at the least, in one go on one machine.

    python -m bench            the rows at their usual size
    python -m bench --quick    a smaller size, under five minutes
    python -m bench --only NAME --full ...

    row.py       a row: figures and ratios, and which of them set `holds`
    ground.py    what a row stands on: its size, its folder, its servers
    home.py      a gateway made for a row; ends.py: it and its partners, as real processes
    members.py   invented members in bulk
    distance.py  partners far away, several in a process; invented.py: more of them than formats
    cores.py     how much of the machine was used meanwhile
    machine.py   what all of it ran on
    report.py    the table, the file, the page
    rows/        one module a group of rows

Every row verifies what it did before it says how long that took: a fast wrong answer is an error.
"""
