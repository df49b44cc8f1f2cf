"""What checks the reader: `checker` for answers in code, `boxes` for numbers by hand and quizzes, one module a chapter.

In a chapter: ``from stgcn_lib.exercises import ch01 as check``, then ``check.NAME(answer)`` and ``check.box("name")``.
"""
