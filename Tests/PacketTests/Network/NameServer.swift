import Foundation
import Glibc
import TestSupport

/// A name server on the loopback of the calling thread's namespace: dnsmasq with a list of hosts.
///
/// The resolver of the host stays as it is: a command that asks this server has a mount namespace of its own.
final class NameServer {
    private let folder: URL
    private let namespace: Namespace

    /// A server that answers nothing yet; the resolver waits this many seconds for an answer.
    init(timeout: Int = 1) throws {
        namespace = try Namespace.current()
        folder = FileManager.default.temporaryDirectory.appending(path: "portreeve-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try write("nameserver 127.0.0.1\noptions timeout:\(timeout) attempts:1\n", "resolv.conf")
    }

    deinit {
        try? stop()
        try? FileManager.default.removeItem(at: folder)
    }

    private func write(_ text: String, _ name: String) throws {
        try Data(text.utf8).write(to: folder.appending(path: name))
    }

    private func path(_ name: String) -> String { folder.appending(path: name).path }

    /// Answers with these addresses from now on; another name in the domain does not exist, or its question is refused.
    func answer(_ names: [String: [String]], refusingOthers: Bool = false) throws {
        try stop()
        try write(names.flatMap { name, addresses in addresses.map { "\($0) \(name)\n" } }.joined(), "hosts")
        let result = try namespace.run {
            try Program.run(
                [
                    "dnsmasq", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--addn-hosts=\(path("hosts"))",
                    "--pid-file=\(path("pid"))", "--user=root", "--listen-address=127.0.0.1", "--bind-interfaces",
                ] + (refusingOthers ? [] : ["--local=/example.net/"]))
        }
        guard result.status == 0 else { throw IPError(description: "dnsmasq: \(result.errors)") }
    }

    /// Stops answering.
    func stop() throws {
        guard let text = try? String(contentsOfFile: path("pid"), encoding: .utf8),
            let process = pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines))
        else { return }
        kill(process, SIGTERM)
        while kill(process, 0) == 0 { usleep(1_000) }
        try? FileManager.default.removeItem(atPath: path("pid"))
    }

    /// The words before a command that asks this server.
    var prefix: [String] { privately("mount --bind '\(path("resolv.conf"))' /etc/resolv.conf") }

    /// The words before a command on a host that has no name server, where the calling thread's namespace has a name and this
    /// server: ip-netns(8).
    func prefix(naming name: String) -> [String] {
        privately(
            """
            cp -a /etc '\(folder.path)' && mount --bind '\(path("etc"))' /etc
            mkdir -p /etc/netns/\(name) /run/netns && mount -t tmpfs none /run/netns
            touch /run/netns/\(name) && mount --bind /proc/self/ns/net /run/netns/\(name)
            cp '\(path("resolv.conf"))' /etc/netns/\(name)/ && echo nameserver 192.0.2.99 > /etc/resolv.conf
            """)
    }

    private func privately(_ script: String) -> [String] {
        ["unshare", "-m", "--propagation", "private", "sh", "-c", "set -e\n\(script)\nexec \"$@\"", "-"]
    }
}
