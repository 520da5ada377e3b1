//! What was recorded, of stored documents: interactions as `gateway.model.documents` has them, and lines of exports as
//! `gateway.model.exported_documents` has these.

use crate::bson::{self, Document, Value, require_depth, require_no_reference};
use crate::program::Recorded;
use crate::reasons::Reason;
use crate::shaping::{Answer, Parent, Stored};
use crate::spelling::{self, Keys};

const TIME: &str = "occurred_at";
const SEEN: &str = "first_seen_at";
const REQUEST: &str = "search_request";
const REQUEST_ID: &str = "search_request_id";
const SESSION_ID: &str = "session_id";
const SHADOWED: &str = "shadowed";
const STUB: &str = "stub";

/// A value that a document has, and the level that it is at.
#[derive(Clone, Copy)]
struct Member<'a> {
    key: &'a str,
    value: Value<'a>,
    depth: usize,
}

/// The members of an object in their order, each key once. What is taken out is judged, as nobody will write it.
#[derive(Default)]
struct Members<'a>(Vec<Member<'a>>);

impl<'a> Members<'a> {
    /// Those of an object that is a value.
    fn of(value: Value<'a>, depth: usize) -> Result<Self, Reason> {
        let Value::Document(document) = value else {
            return Err(Reason::BadValue);
        };
        require_depth(depth)?;
        let (mut members, mut keys) = (Vec::new(), Keys::default());
        let mut elements = document.elements();
        while let Some((key, value)) = elements.next()? {
            require_no_reference(key)?;
            keys.add(key.as_bytes())?;
            members.push(Member { key, value, depth: depth + 1 });
        }
        Ok(Members(members))
    }

    fn place(&self, key: &str) -> Option<usize> {
        self.0.iter().position(|member| member.key == key)
    }

    /// What is there under a key, but for null.
    fn get(&self, key: &str) -> Option<Member<'a>> {
        self.place(key).map(|place| self.0[place]).filter(|member| !matches!(member.value, Value::Null))
    }

    /// Puts a value in the place of what is there under its key, or else behind all.
    fn set(&mut self, member: Member<'a>) -> Result<(), Reason> {
        match self.place(member.key) {
            None => self.0.push(member),
            Some(place) => {
                let replaced = std::mem::replace(&mut self.0[place], member);
                bson::validate(replaced.value, replaced.depth)?;
            }
        }
        Ok(())
    }

    fn remove(&mut self, key: &str) -> Result<(), Reason> {
        if let Some(place) = self.place(key) {
            let removed = self.0.remove(place);
            bson::validate(removed.value, removed.depth)?;
        }
        Ok(())
    }
}

/// An interaction as it was recorded, and what the gateway has beside that.
struct Interaction<'a> {
    recorded: Members<'a>,
    time: Option<Member<'a>>,
    request_id: Option<Member<'a>>,
}

impl<'a> Interaction<'a> {
    /// `owned`: the names of what is the gateway's own.
    fn of(document: Document<'a>, depth: usize, owned: &[String]) -> Result<Self, Reason> {
        require_depth(depth)?;
        let (mut recorded, mut keys) = (Members::default(), Keys::default());
        let (mut time, mut request_id, mut shadowed) = (None, None, None);
        let mut elements = document.elements();
        while let Some((key, value)) = elements.next()? {
            require_no_reference(key)?;
            let member = Member { key, value, depth: depth + 1 };
            if owned.iter().all(|name| name != key) {
                keys.add(key.as_bytes())?;
                recorded.0.push(member);
                continue;
            }
            match key {
                TIME => once(&mut time, member)?,
                REQUEST_ID => once(&mut request_id, member)?,
                SHADOWED => once(&mut shadowed, member)?,
                _ => {}
            }
            bson::validate(value, depth + 1)?;
        }
        let shadowed = match shadowed {
            Some(member) => Members::of(member.value, member.depth)?,
            None => Members::default(),
        };
        // Each is looked for among all that was recorded; the gateway stores the names of its own, and the search request.
        if shadowed.0.len() > owned.len() + 1 {
            return Err(Reason::BadValue);
        }
        if shadowed.get(REQUEST_ID).is_some() {
            recorded.remove(REQUEST)?;
        }
        shadowed.0.into_iter().try_for_each(|member| recorded.set(member))?;
        Ok(Interaction { recorded, time, request_id })
    }

    /// What an export has of it.
    fn line(self) -> Result<Members<'a>, Reason> {
        let mut line = self.recorded;
        if let (None, Some(time)) = (line.get(TIME), self.time) {
            line.set(time)?;
        }
        if let Some(place) = line.place(REQUEST).filter(|&place| matches!(line.0[place].value, Value::Null)) {
            let request = line.0.remove(place);
            line.0.push(request);
        }
        let id = self.request_id.filter(|id| !matches!(id.value, Value::Null));
        if let (Some(id), None) = (id, line.get(REQUEST_ID)) {
            let request = line.get(REQUEST).map(|request| request.value);
            if !matches!(at(request, REQUEST_ID)?, Some(Value::Text(_))) {
                line.set(id)?;
            }
        }
        Ok(line)
    }
}

/// The line of a search request, also of one that an interaction holds a copy of.
fn search_request<'a>(document: Document<'a>, depth: usize) -> Result<Members<'a>, Reason> {
    require_depth(depth)?;
    let (mut id, mut seen, mut session, mut request) = (None, None, None, None);
    let (mut stub, mut shadowed) = (None, None);
    let mut elements = document.elements();
    while let Some((key, value)) = elements.next()? {
        require_no_reference(key)?;
        let member = Member { key, value, depth: depth + 1 };
        match key {
            REQUEST_ID => once(&mut id, member)?,
            SEEN => once(&mut seen, member)?,
            SESSION_ID => once(&mut session, member)?,
            REQUEST => once(&mut request, member)?,
            STUB => once(&mut stub, member)?,
            SHADOWED => once(&mut shadowed, member)?,
            _ => {}
        }
        if key != REQUEST {
            bson::validate(value, depth + 1)?;
        }
    }
    let is_named = match shadowed {
        Some(member) => Members::of(member.value, member.depth)?.get(REQUEST_ID).is_some(),
        None => false,
    };
    let content = request.map(|member| member.value);
    let copies_stub = is_named && matches!(content, Some(Value::Document(_))) && at(content, "queries")?.is_none();
    let mut line = Members(id.into_iter().chain(seen).collect());
    if copies_stub || matches!(stub, Some(Member { value: Value::Boolean(true), .. })) {
        return content.map_or(Ok(()), |content| bson::validate(content, depth + 1)).map(|()| line);
    }
    let has_own_session = !matches!(at(content, SESSION_ID)?, None | Some(Value::Null));
    let session = session.filter(|session| !matches!(session.value, Value::Null));
    line.0.extend(session.filter(|_| !has_own_session && !is_named));
    line.0.push(request.unwrap_or(Member { key: REQUEST, value: Value::Null, depth }));
    Ok(line)
}

/// What an object has under a key; nothing where it isn't one.
fn at<'a>(object: Option<Value<'a>>, key: &str) -> Result<Option<Value<'a>>, Reason> {
    let Some(Value::Document(document)) = object else {
        return Ok(None);
    };
    let mut elements = document.elements();
    while let Some((name, value)) = elements.next()? {
        if name == key {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

fn once<'a>(place: &mut Option<Member<'a>>, member: Member<'a>) -> Result<(), Reason> {
    if place.replace(member).is_some() { Err(Reason::DuplicateKey) } else { Ok(()) }
}

impl<'a, 'p> Answer<'a, 'p> {
    /// What was recorded of the object that the parent is, or has.
    pub(crate) fn recorded(&mut self, recorded: &Recorded, parent: Parent<'a, 'p>) -> Result<(), Reason> {
        let Parent::Stored(Stored { document, depth, .. }) = parent else {
            return Err(Reason::BadProgram);
        };
        let members = match recorded {
            Recorded::Interaction(owned) => Interaction::of(document, depth, owned)?.recorded,
            Recorded::InteractionLine(owned) => Interaction::of(document, depth, owned)?.line()?,
            Recorded::SearchRequestLine => search_request(document, depth)?,
        };
        let mut opening = b'{';
        for member in members.0 {
            self.out.push(opening);
            opening = b',';
            spelling::text(&mut self.out, member.key);
            self.out.push(b':');
            spelling::recorded(&mut self.out, member.value, member.depth, self.limits.bytes)?;
        }
        self.out.extend_from_slice(if opening == b'{' { b"{}" } else { b"}" });
        Ok(())
    }
}
