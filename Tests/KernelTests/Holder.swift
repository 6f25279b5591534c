import Foundation
import Glibc
import TestSupport

/// Processes in the calling thread's network namespace that hold a socket on port 22, ended with the value.
final class Holder {
    /// The script failed.
    struct Failure: Error {
        let errors: String
    }

    /// The process ids.
    let pids: [Int32]

    /// Runs a Python script, in which `server` is the socket, in each of `count` child processes.
    init(count: Int = 1, _ script: String = "") throws {
        let program = """
            import ctypes, os, signal, socket, threading
            server = socket.create_server(("0.0.0.0", 22))
            ready = os.pipe()
            pids = []
            for number in range(\(count)):
                pids.append(os.fork())
                if pids[-1] == 0:
                    # The test does not wait for a child's output, and each child ends by itself.
                    for descriptor in range(3): os.close(descriptor)
                    signal.alarm(60)
            \(script.split(separator: "\n").map { "        \($0)" }.joined(separator: "\n"))
                    os.write(ready[1], b"1")
                    signal.pause()
            for pid in pids: os.read(ready[0], 1)
            print(*pids)
            """
        let result = try Program.run(["python3", "-c", program])
        pids = result.output.split { $0.isWhitespace }.compactMap { Int32($0) }
        guard pids.count == count else { throw Failure(errors: result.errors) }
    }

    /// A script that replaces its process with a copy of `sleep` at this path.
    static func becoming(_ path: String) -> String {
        """
        os.write(ready[1], b"1")
        server.set_inheritable(True)
        while True:
            # ETXTBSY: the child of another test can briefly hold the file open for writing.
            try: os.execv("\(path)", ["sshd", "60"])
            except OSError: pass
        """
    }

    deinit { for pid in pids { kill(pid, SIGKILL) } }
}
