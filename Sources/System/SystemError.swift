internal import Glibc

/// An error of a system call or of a netlink reply, before anybody has said what was attempted.
public struct SystemError: Error {
    /// The error number.
    public var code: Int32
    /// The kernel's extended acknowledgement, or what was found amiss.
    public var text: String?

    /// An error of these parts.
    public init(code: Int32, text: String? = nil) {
        self.code = code
        self.text = text
    }

    /// A reply that does not read as the kernel's.
    public static func malformed(_ what: String) -> Self { Self(code: EBADMSG, text: what) }

    /// What the last failed call of this thread left behind.
    public static var last: Self { Self(code: errno) }

    /// The error of an attempt that ended in it.
    public func during(_ attempt: String) -> KernelError {
        KernelError(category, attempt, code: code, answer: text)
    }

    private var category: KernelError.Category {
        switch code {
        case EPERM, EACCES: .permission
        case EPROTONOSUPPORT, EOPNOTSUPP, EAFNOSUPPORT: .unsupported
        case ENOENT: .missing
        default: .io
        }
    }
}
