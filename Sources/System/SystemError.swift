internal import Glibc

/// An error of a system call or of a netlink reply, without the attempt.
public struct SystemError: Error {
    /// The error number.
    public var code: Int32
    /// The kernel's text (`NLMSGERR_ATTR_MSG`), or the defect that was found.
    public var text: String?

    /// An error of these parts.
    public init(code: Int32, text: String? = nil) {
        self.code = code
        self.text = text
    }

    /// A reply that is not valid: `EBADMSG` with a description.
    public static func malformed(_ description: String) -> Self { Self(code: EBADMSG, text: description) }

    /// The error of the last failed system call of this thread: `errno`.
    public static var last: Self { Self(code: errno) }

    /// The error with the attempt, and with the category that its number implies.
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
