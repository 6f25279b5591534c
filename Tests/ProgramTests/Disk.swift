import Foundation
import Glibc
import TestSupport
import Testing

/// A small disk in its own mount namespace, for the state of a trial.
final class Disk {
    private let keeper: pid_t
    private let directory: String

    /// Mounts a tmpfs on the directory.
    init(at directory: String, _ portreeve: Portreeve) throws {
        self.directory = directory
        let script = """
            mkdir -p -m 700 \(directory)
            unshare -m sh -c 'mount -t tmpfs -o size=512k,mode=700 none \(directory) && exec sleep 600' > /dev/null & pid=$!
            for i in $(seq 400); do
              if grep -q \(directory) /proc/$pid/mounts; then echo $pid; exit 0; fi
              sleep 0.02
            done
            exit 1
            """
        let output = try portreeve.shell(script)
        keeper = try #require(pid_t(output.trimmingCharacters(in: .newlines)))
    }

    deinit { kill(keeper, SIGKILL) }

    /// A prefix with which a command sees the disk.
    var prefix: [String] { ["nsenter", "--mount=/proc/\(keeper)/ns/mnt"] }

    /// Fills the disk.
    func fill() throws { try run("cat /dev/zero > \(directory)/.ballast || true") }

    /// Mounts the disk read-only or read-write.
    func remount(_ option: String) throws { try run("mount -o remount,\(option) \(directory)") }

    /// The names of the state files, without locks.
    func names() throws -> [String] {
        try run("ls \(directory)").split(separator: "\n").map(String.init).filter { !$0.hasSuffix("lock") }
    }

    @discardableResult private func run(_ script: String) throws -> String {
        let result = try Program.run(prefix + ["sh", "-c", script])
        try #require(result.status == 0, "\(result.errors)")
        return result.output
    }
}
