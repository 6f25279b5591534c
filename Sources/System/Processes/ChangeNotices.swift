/// Notices that something was changed, which come by themselves.
public protocol ChangeNotices: AnyObject {
    /// The descriptor that can be read when there are notices.
    var descriptor: Int32 { get }
    /// Takes the notices that have come; returns whether there were any.
    func take() throws(KernelError) -> Bool
}
