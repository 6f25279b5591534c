internal import CLinux
internal import Glibc
public import System

/// The network namespaces of `ip netns`.
public enum NetworkNamespace {
    /// The directory in which `ip netns add` mounts namespaces: `ip-netns(8)`.
    static let directory = "/run/netns"

    /// The identity of the calling thread's network namespace: the inode of its files.
    static var own: FileIdentity? { FileIdentity(path: "/proc/thread-self/ns/net") }

    /// Moves the calling thread into a network namespace; sockets that are open stay in the old one.
    ///
    /// - Parameter name: a name that `ip netns list` shows, or the absolute path of a namespace file.
    /// - Throws: `missing` if there is no such namespace, `permission` without CAP_SYS_ADMIN.
    public static func enter(named name: String) throws(KernelError) {
        let attempt = "entering network namespace \"\(name)\""
        let path = try path(of: name, attempt)
        let file: File
        do throws(SystemError) { file = try File(path, O_RDONLY) } catch {
            throw openingError(attempt, name: name, code: error.code)
        }
        guard shim_setns(file.descriptor, shim_clone_newnet) == 0 else { throw enteringError(attempt, code: errno) }
    }

    /// The path of the namespace file; a relative path is refused, since it could lead out of the directory.
    private static func path(of name: String, _ attempt: String) throws(KernelError) -> String {
        if name.hasPrefix("/") && !name.contains("\0") { return name }
        guard !name.isEmpty, name != ".", name != "..", !name.contains(where: { $0 == "/" || $0 == "\0" }) else {
            throw KernelError(
                .missing, attempt, answer: "not a valid name",
                advice: "give a name that \"ip netns list\" shows, or an absolute path")
        }
        return "\(directory)/\(name)"
    }

    private static func openingError(_ attempt: String, name: String, code: Int32) -> KernelError {
        guard code == ENOENT, !name.hasPrefix("/") else {
            return KernelError(code == EACCES ? .permission : .io, attempt, code: code)
        }
        return KernelError(
            .missing, attempt, code: code, advice: "\"ip netns add \(name)\" creates it, \"ip netns list\" shows all")
    }

    private static func enteringError(_ attempt: String, code: Int32) -> KernelError {
        switch code {
        case EPERM: KernelError(.permission, attempt, code: code, advice: "run as root, or with CAP_SYS_ADMIN")
        case EINVAL: KernelError(.missing, attempt, code: code, answer: "not a network namespace")
        default: KernelError(.io, attempt, code: code)
        }
    }
}
