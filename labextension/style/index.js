import './base.css';
import './sidebar.css';
import './spend.css';
import './call.css';
import './notebook.css';
import './answer.css';
