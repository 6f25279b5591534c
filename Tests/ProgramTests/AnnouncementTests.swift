import TestSupport
import Testing

@Suite("Announcement of an undone change", .privileged, .networkNamespace)
struct AnnouncementTests {
    /// Logs in at a terminal in a private `/run`, and prints what is written there while a change is undone.
    private static let program = """
        import os, pty, select, struct, subprocess, sys, time
        reader, writer = pty.openpty()
        line = os.ttyname(writer)[len("/dev/"):].encode()
        # struct utmpx of bits/types/struct_utmpx.h, a USER_PROCESS.
        with open("/run/utmp", "wb") as file:
            file.write(struct.pack("<hxxi32s4s32s256shhiii4i20x", 7, os.getpid(), line, b"1", b"root", b"", *9 * [0]))
        subprocess.run(sys.argv[1:], check=True)
        ready, _, _ = select.select([reader], [], [], 10)
        time.sleep(0.1)
        print(os.read(reader, 1000).decode().strip() if ready else "nothing")
        """

    @Test("Logged-in users see it on their terminals")
    func terminals() throws {
        let portreeve = try Portreeve()
        let policy = try portreeve.write("version: 1\nservices: {}\n")
        let program = try portreeve.write(Self.program, to: "login.py")
        let apply = [
            try Portreeve.executable, "apply", policy, "--yes", "--quiet", "--confirm", "1s", "--state-dir",
            portreeve.stateDirectory,
        ]
        let script = "mount -t tmpfs none /run && exec /usr/bin/python3 \"$@\""
        let result = try Program.run(["unshare", "-m", "sh", "-c", script, "sh", program] + apply)
        #expect(
            result.output == "portreeve: change 1 was not confirmed: the previous ruleset was restored\n",
            "\(result.errors)")
    }
}
