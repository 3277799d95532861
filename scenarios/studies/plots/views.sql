-- What the pictures of the studies select from.
-- figure: every figure of every run, services taken together.
CREATE TEMP VIEW figure AS
  SELECT run.id AS run, variant, seed, simulated_ns / 1e9 AS simulated_s, name, value
  FROM run JOIN metric ON metric.run = run.id WHERE service = '';
-- point: the same with one axis of the sweep: its name, its value as written and as a number.
CREATE TEMP VIEW point AS
  SELECT figure.*, axis.name AS axis, axis.text AS text, axis.value AS x
  FROM figure JOIN axis ON axis.run = figure.run;
