# Runs a command in a terminal of its own: python3 terminal.py ANSWERS COMMAND... where ANSWERS is JSON, a list of [text to wait for, keys to send].
# What the terminal shows goes to standard output; the exit code is the command's.
import fcntl, json, os, pty, select, struct, sys, termios, time

answers = json.loads(sys.argv[1])
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', 40, 120, 0, 0))
shown = b''
seen = 0
deadline = time.time() + 60
while time.time() < deadline:
    ready, _, _ = select.select([terminal], [], [], 0.1)
    if ready:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
        sys.stdout.buffer.write(part)
        sys.stdout.buffer.flush()
    if answers and answers[0][0].encode() in shown[seen:]:
        wanted, keys = answers.pop(0)
        seen = shown.index(wanted.encode(), seen) + len(wanted)
        time.sleep(0.2)
        os.write(terminal, keys.encode())
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))
