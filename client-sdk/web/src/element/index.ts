/** The element and its parts: loading this defines `<plansync-plan>`. */

import './views/advice.js';
import './views/calendar.js';
import './call/call.js';
import './controls/carets.js';
import './call/changed.js';
import './views/comments.js';
import './consent.js';
import './controls/field.js';
import './head/framing.js';
import './head/head.js';
import './item/item.js';
import './head/menu.js';
import './outline/outline.js';
import './controls/owners.js';
import './views/people.js';
import './controls/pick.js';
import './views/private.js';
import './views/risks.js';
import './head/share.js';
import './controls/sheet.js';
import './states.js';
import './views/success.js';
import './call/summary.js';
import './controls/text.js';
import './head/thirty.js';
import './timeline/backward.js';
import './timeline/timeline.js';

export { PlansyncPlan } from './element.js';
