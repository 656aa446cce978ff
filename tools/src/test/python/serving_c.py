"""Runs the signature `caption` of an exported model by ../c/caption.c, on TensorFlow's C library."""

import pathlib
import shutil
import subprocess
import tempfile

import tensorflow as tf

OUTPUTS = ("caption", "log_prob", "token_ids", "status")


def build(compiler, program):
    source = pathlib.Path(__file__).resolve().parent.parent / "c" / "caption.c"
    libraries = tf.sysconfig.get_lib()
    subprocess.run(
        [compiler, "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-Werror"]
        + [source, "-isystem", tf.sysconfig.get_include(), "-o", program]
        + ["-L", libraries, f"-Wl,-rpath,{libraries}"]
        + ["-l:libtensorflow_cc.so.2", "-l:libtensorflow_framework.so.2"],
        check=True,
    )


def compare(folder, definition, rows, expected, check):
    """Compares what the program prints for some files with what Python had of the signature."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        print("TensorFlow's C library was not tried: there is no gcc or cc here")
        return
    with tempfile.TemporaryDirectory() as temporary:
        work = pathlib.Path(temporary)
        program = work / "caption"
        build(compiler, program)
        files = [work / str(i) for i in range(len(rows))]
        for file, row in zip(files, rows):
            file.write_bytes(row)
        names = [definition.outputs[name].name for name in OUTPUTS]
        run = subprocess.run(
            [program, folder, definition.inputs["image_bytes"].name, *names, *files],
            capture_output=True,
            text=True,
            check=False,
        )
    check.equal(run.returncode, 0, f"status of the C program: {run.stderr[-300:]}")
    lines = [line.split("\t") for line in run.stdout.splitlines()]
    check.equal(len(lines), len(rows), "lines of the C program")
    for row, (ids, log_prob, caption, status) in enumerate(lines):
        what = f"row {row} of the C program"
        told = [int(i) for i in ids.split()]
        check.equal(told, expected["token_ids"][row].tolist(), f"token_ids of {what}")
        check.close(float(log_prob), expected["log_prob"][row], f"log_prob of {what}")
        check.equal(caption, expected["caption"][row].decode(), f"caption of {what}")
        check.equal(status, expected["status"][row].decode(), f"status of {what}")
