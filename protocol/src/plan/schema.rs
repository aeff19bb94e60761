//! The schema table.
/// placeholder signatures
pub struct Collection { pub name: &'static str, pub fields: &'static [Field] }
pub struct Field { pub name: &'static str, pub kind: Kind }
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind { Text, Scalar }
pub fn collection(_name: &str) -> Option<&'static Collection> { None }
impl Collection { pub fn field(&self, _key: &str) -> Option<&'static Field> { None } }
